"""Which models are in the second database."""


class TracRouter:
    pass
