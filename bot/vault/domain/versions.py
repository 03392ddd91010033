"""Two versions of one note as two files, each with a link to the other. Pure."""


def with_link(content: bytes, stem: str) -> bytes:
    """The note with a link to the file of that stem at its end; unchanged where it is no UTF-8."""
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return content
    end = "\r\n" if "\r\n" in text else "\n"
    return f"{text.rstrip()}{end}{end}[[{stem}]]{end}".encode()


def names(content: bytes, stem: str) -> bool:
    """Whether the note has a link to the file of that stem."""
    return f"[[{stem}]]".encode() in content
