from archdsl.driver.api import ArchError as ArchError
from archdsl.driver.api import CheckResult as CheckResult
from archdsl.driver.api import RunError as RunError
from archdsl.driver.api import check as check
from archdsl.driver.api import compile as compile  # noqa: A004
from archdsl.driver.api import format_source as format_source
from archdsl.driver.api import summarize as summarize
from archdsl.train.command import TrainingResult as TrainingResult
from archdsl.train.command import resume as resume
from archdsl.train.command import train as train
from archdsl.train.judge import evaluate_run as evaluate_run
from archdsl.train.judge import predict_images as predict_images
from archdsl.train.load import load as load
from archdsl.train.plan import TrainingPlan as TrainingPlan
from archdsl.train.plan import plan_training as plan_training

__version__: str
