"""XML as text: elements of the standard library, without characters that XML cannot contain."""

from xml.etree import ElementTree as ET

from bot.core.domain.late import late_pattern

# What is left of XML's `Char`: to compile a set takes time for each character that it names.
_NOT_XML = late_pattern("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    """Add an element with that text and these attributes, whose values may hold any character."""
    element = ET.SubElement(
        parent, name, {key: fit_for_xml(value) for key, value in attributes.items()}
    )
    if text is not None:
        element.text = fit_for_xml(text)
    return element


def fit_for_xml(text: str) -> str:
    """The text with U+FFFD for each character that XML cannot contain."""
    return _NOT_XML.sub("\ufffd", text)


def document(root: ET.Element) -> str:
    """The XML document."""
    ET.indent(root, "")
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'
