from archdsl.driver.api import ArchError as ArchError
from archdsl.driver.api import CheckResult as CheckResult
from archdsl.driver.api import check as check
from archdsl.driver.api import compile as compile  # noqa: A004
from archdsl.driver.api import format_source as format_source
from archdsl.driver.api import summarize as summarize
from archdsl.train.load import load as load

__version__: str
