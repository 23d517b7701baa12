"""The KYC report for people: a text made of a template, and the text as a PDF of one page."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, StrictUndefined, TemplateError

_TEXT = """\
Know your client: {{ name }}
{{ owners }} owners, {{ products }} products, {{ unmanaged_products }} elsewhere
{% for item in items %}
- {{ item.type }}: {{ item.content.title }}
{%- endfor %}
{% for objective in objectives %}
- {{ objective.title }} by {{ objective.target }}
{%- endfor %}
"""
_TEMPLATE = Environment(undefined=StrictUndefined, autoescape=False).from_string(_TEXT)


class DocumentError(Exception):
    """The document can't be made of this report; the message says why."""


def kyc_text(report: Mapping[str, Any]) -> str:
    """The report as text. Raises DocumentError where the template asks for what an item does not have."""
    try:
        return _TEMPLATE.render(report)
    except TemplateError as error:
        raise DocumentError(f"the template failed: {error}") from error


def kyc_pdf(text: str) -> bytes:
    """The lines as a page in Helvetica (PDF 1.4). Raises DocumentError for a character that the font does not have."""
    try:
        lines = text.encode("cp1252").splitlines()
    except UnicodeEncodeError as error:
        raise DocumentError(f"the font has no {text[error.start]!r}") from error
    shown = b" ".join(b"(%s) '" % _escaped(line) for line in lines)
    page = b"BT /F 10 Tf 12 TL 40 800 Td " + shown + b" ET"
    objects = (
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(page), page),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    )
    document, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(document))
        document += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(document))
    return document + b"xref\n0 %d\n" % size + table + trailer


def _escaped(line: bytes) -> bytes:
    return line.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
