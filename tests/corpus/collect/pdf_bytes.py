"""PDF files written by hand, for tests: objects, a cross-reference table, nothing else."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

CHINESE_FONT = (
    "<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts [ << /Type /Font "
    "/Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 "
    ">> /FontDescriptor << /Type /FontDescriptor /FontName /STSong-Light /Flags 4 /FontBBox [0 -200 1000 900] /Ascent "
    "800 /Descent -200 /CapHeight 700 /ItalicAngle 0 /StemV 80 >> /DW 1000 >> ] >>"
)
LATIN_FONT = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
IMAGE = (
    "<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray /BitsPerComponent 8 /Length 1 >>\n"
    "stream\nA\nendstream"
)


def write_pdf(
    pages: Sequence[str], *, invisible: bool = False, num_images: int = 0, title: str = "", trailer: str = ""
) -> bytes:
    """Give a PDF with a line of the page per line of text; Chinese needs no font file, readers know the map."""
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "", LATIN_FONT, CHINESE_FONT, IMAGE]
    kids = []
    for page in pages:
        content = _content(page, invisible, num_images)
        objects.append(f"<< /Length {len(content)} >>\nstream\n{content}\nendstream")
        resources = "<< /Font << /F1 3 0 R /F2 4 0 R >> /XObject << /I 5 0 R >> >>"
        content_of = f"/Contents {len(objects)} 0 R /Resources {resources}"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] {content_of} >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({title}) >>")
    return write_objects(objects, f"/Info {len(objects)} 0 R {trailer}")


def write_bomb(num_bytes: int) -> bytes:
    """Give a PDF of a few kB whose one page unpacks to so many bytes of blanks."""
    packed = zlib.compress(zlib.compress(b" " * num_bytes, 9), 9)
    filters = "/Filter [/FlateDecode /FlateDecode]"
    stream = f"<< /Length {len(packed)} {filters} >>\nstream\n{packed.decode('latin-1')}\nendstream"
    kids = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
    page = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R >>"
    return write_objects(["<< /Type /Catalog /Pages 2 0 R >>", kids, page, stream])


def write_objects(objects: Sequence[str], trailer: str = "") -> bytes:
    """Give a PDF whose objects are numbered from 1, the first being the catalogue."""
    raw = bytearray(b"%PDF-1.7\n")
    offsets = []
    for number, body in enumerate(objects, 1):
        offsets.append(len(raw))
        raw += f"{number} 0 obj\n{body}\nendobj\n".encode("latin-1")
    start = len(raw)
    raw += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n".encode()
    raw += b"".join(f"{offset:010} 00000 n \n".encode() for offset in offsets)
    raw += f"trailer << /Size {len(objects) + 1} /Root 1 0 R {trailer} >>\nstartxref\n{start}\n%%EOF".encode()
    return bytes(raw)


def _content(page: str, invisible: bool, num_images: int) -> str:
    drawn = ["q 100 0 0 100 0 0 cm /I Do Q"] * num_images
    for number, line in enumerate(page.splitlines()):
        if line.isascii():
            escaped = line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
            font, text = "F1", f"({escaped})"
        else:
            font, text = "F2", f"<{line.encode('utf-16-be').hex()}>"
        mode = "3 Tr" if invisible else "0 Tr"
        drawn.append(f"BT /{font} 10 Tf {mode} 50 {760 - 14 * number} Td {text} Tj ET")
    return "\n".join(drawn)
