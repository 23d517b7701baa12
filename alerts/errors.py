"""What can go wrong with alerts.

AlertError
├── AlertNotFoundError  no alert has this id
├── AlertClosedError    the alert is not in a state in which this can be done
├── ChannelError        a channel is configured wrongly
└── AlertStoreError     the store could not be asked
"""


class AlertError(Exception):
    """Base of this room's errors; the message says what was wrong and what to do, and holds no secret."""


class AlertNotFoundError(AlertError):
    """No alert has this id."""


class AlertClosedError(AlertError):
    """The alert is not in a state in which this can be done."""


class ChannelError(AlertError):
    """A channel is configured wrongly. Names the channel, never its URL."""


class AlertStoreError(AlertError):
    """The store could not be asked, or refused; nothing of what was to be written is there."""
