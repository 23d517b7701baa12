"""What can go wrong with the embedded PostgreSQL.

EmbeddedServerError
├── BinariesNotFoundError   no PostgreSQL on this machine, or none of the version a data directory needs
├── DirectoryInUseError     another process runs a server on the directory
├── DirectoryUnusableError  out of reach for the server's user, or not ours to write
└── OutOfSpaceError         the disk is full, or nearly
"""


class EmbeddedServerError(Exception):
    """The embedded PostgreSQL could not do what was asked; the message says what to do."""


class BinariesNotFoundError(EmbeddedServerError):
    """No suitable PostgreSQL was found."""


class DirectoryInUseError(EmbeddedServerError):
    """Another live process uses the directory."""


class DirectoryUnusableError(EmbeddedServerError):
    """The directory can't hold a server: permissions, or an owner that is not us."""


class OutOfSpaceError(EmbeddedServerError):
    """The file system has too little space for a server."""
