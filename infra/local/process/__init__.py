"""What every process of the stage needs of its machine: ports on loopback, and memory given back.

Any room may import from here. `ports` has the address that everything listens on.
"""
