"""What makes sound, in the workers' processes alone: the engines, and the sound they hand out.

Read `speaking` first: a text becomes a sound that is trimmed, levelled and encoded.
"""
