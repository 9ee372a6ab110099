"""Reports on engagement: how far learning gets, who falls behind, and what is fading."""

from __future__ import annotations

from training.programme.programme import Programme
from training.reports.engagement_behind import behind_report
from training.reports.engagement_fading import fading_report
from training.reports.engagement_funnel import funnel_report
from training.reports.sheet import NotShown, Report


def engagement_reports(programme: Programme) -> list[Report | NotShown]:
    """Return the three reports, each with a ledger of its own."""
    return [funnel_report(programme), behind_report(programme), fading_report(programme)]
