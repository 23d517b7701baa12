"""Who runs this: a name for the records, also where the system knows none."""

import getpass
import os


def user_name() -> str:
    """The user's name, or the number of one without an entry, as in a container."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
