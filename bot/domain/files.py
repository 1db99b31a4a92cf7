"""Which files of people are kept: pictures, sound, films, papers and bundles; nothing that a machine runs.

None is ever opened or unpacked here; the list is for whoever opens one later (SECURITY row 18).
"""

import re
import unicodedata

_ENDINGS = frozenset(
    {
        *("jpg", "jpeg", "png", "gif", "webp", "bmp", "heic", "heif", "tif", "tiff"),
        *(
            "mp4",
            "mov",
            "m4v",
            "avi",
            "mkv",
            "webm",
            "3gp",
            "wmv",
            "mp3",
            "m4a",
            "aac",
            "wav",
            "ogg",
            "oga",
            "opus",
            "amr",
            "silk",
        ),
        *(
            "pdf",
            "ofd",
            "doc",
            "docx",
            "wps",
            "xls",
            "xlsx",
            "et",
            "ppt",
            "pptx",
            "dps",
            "csv",
            "txt",
            "rtf",
            "md",
            "odt",
            "ods",
            "odp",
        ),
        *("dwg", "dxf", "kml", "kmz", "zip", "rar", "7z"),
    }
)
_ENDING = re.compile(r"\.(?=[0-9]*[a-z])([0-9a-z]{1,12})[ .□]*$")
_NEVER = frozenset({"image/svg+xml", "text/html", "application/xhtml+xml"})


def is_kept(name: str, media_type: str) -> bool:
    """Tell whether a file may be kept, by the ending of its name; of one without any, by its kind."""
    ending = _ENDING.search(unicodedata.normalize("NFKC", name).casefold())
    return media_type not in _NEVER and (ending is None or ending[1] in _ENDINGS)
