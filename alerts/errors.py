"""What can go wrong with alerts.

AlertError
├── AlertNotFoundError  no alert has this id
├── AlertClosedError    the alert is not in a state in which this can be done
├── ChannelError        a channel is configured wrongly
├── LinkError           an acknowledge link is forged, expired or used
├── MatcherError        a silence does not say what it silences
├── SilenceNotFoundError  no silence has this id
├── UnfinishedMessageError  a message of a deployment still has a blank
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


class LinkError(AlertError):
    """An acknowledge link is forged, expired or used."""


class MatcherError(AlertError):
    """A silence does not say what it silences."""


class SilenceNotFoundError(AlertError):
    """No silence that has not ended has this id."""


class UnfinishedMessageError(AlertError):
    """A message of a deployment still has a blank. Names all of them."""


class AlertStoreError(AlertError):
    """The store could not be asked, or refused; nothing of what was to be written is there."""
