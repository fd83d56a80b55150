"""A hall: this laptop, a Wi-Fi without internet, and the phones in the room.

Read `addresses` first: where phones reach this machine. `place` says what that makes of the stage's
settings, `following` notices that the address has changed. `certificate` is for speakers at another
device; `qr` and `sign` are what the terminal shows.
"""
