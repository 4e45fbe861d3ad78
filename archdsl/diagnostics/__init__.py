"""Findings: as data (``diagnostic``), as a registry (``codes``), collected (``sink``), shown (``render``)."""
