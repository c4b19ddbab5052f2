"""The report as a Word document, from a template that an office may replace by its own.

The template's fields are docxtpl's (https://docxtpl.readthedocs.io): `county`, `since`, `until`,
`compared` (the other period; empty: none), `made_at`, `totals` (each with `heading`, `value`,
`definition`), `breakdowns` (each with `title` and `rows`, whose `cells` are text), `causes` and
`late` (rows of `cells`). Pictures are left to the page and the workbook: nothing that draws a PNG
is among our dependencies, and the tables hold every number.
"""

from io import BytesIO
from pathlib import Path
from typing import Any

from docxtpl import DocxTemplate
from jinja2 import Environment

from services.dispatch.report.content import BREAKDOWNS, TOTALS, Report
from services.dispatch.report.words import (
    amount_and_earlier,
    compared_period,
    heading,
    title,
    value_of,
)
from services.dispatch.rules.comparison import FEWEST
from services.dispatch.rules.figures import DEFINITIONS
from shared.clock import SHANGHAI

TEMPLATE = Path(__file__).parent / "template.docx"
_IN_BRIEF = f"分类统计的括号内为对比期数值和增减，率的增减为百分点，不足 {FEWEST} 件不作比较"
_TIME = "%Y-%m-%d %H:%M"


def write_document(report: Report, to: Path | BytesIO, template: Path = TEMPLATE) -> None:
    """Raises OSError where a file cannot be read or written, jinja2.TemplateError where the
    template asks for a field that is not there."""
    document = DocxTemplate(template)
    # Towns and crews come from the county's own files: they are text, never markup.
    document.render(_fields(report), Environment(autoescape=True))
    document.save(to)


def _fields(report: Report) -> dict[str, Any]:
    earlier = report.earlier
    return {
        "county": report.county,
        "since": f"{report.since:%Y年%m月%d日}",
        "until": f"{report.until:%Y年%m月%d日}",
        "compared": f"{compared_period(earlier)}（{_IN_BRIEF}）" if earlier else "",
        "made_at": report.made_at.astimezone(SHANGHAI).strftime(_TIME),
        "totals": [
            {
                "heading": heading(name),
                "value": amount_and_earlier(name, report.total, earlier.total if earlier else None),
                "definition": DEFINITIONS[name][0],
            }
            for name in TOTALS
        ],
        "headings": [heading(name) for name in TOTALS],
        "breakdowns": [
            {
                "title": title(kind, report.code_system),
                "rows": [
                    {
                        "cells": [
                            value_of(kind, line.value or line.earlier_value),
                            *(
                                amount_and_earlier(n, line.figures, line.earlier, in_brief=True)
                                for n in TOTALS
                            ),
                        ]
                    }
                    for line in report.lines(kind)
                ],
            }
            for kind in BREAKDOWNS
        ],
        "causes": [
            {"cells": [value_of("missed_cause", cause), str(complaints)]}
            for cause, complaints in report.late_by_cause
        ],
        "late": [
            {
                "cells": [
                    line.external_id,
                    value_of("platform", line.platform),
                    value_of("town", line.town),
                    value_of("category", line.category),
                    value_of("stage", line.stage),
                    line.due_at.astimezone(SHANGHAI).strftime(_TIME),
                    line.met_at.astimezone(SHANGHAI).strftime(_TIME) if line.met_at else "未办",
                    value_of("missed_cause", line.cause),
                ]
            }
            for line in report.late
        ],
    }
