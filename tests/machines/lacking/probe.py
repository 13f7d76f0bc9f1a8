"""Name some of what the simulation of Windows takes away, where it is missing, and the system."""

import os
import platform
import sys

for name in ("fork", "O_NOFOLLOW"):
    if not hasattr(os, name):
        print(name)
try:
    import fcntl  # noqa: F401
except ModuleNotFoundError:
    print("fcntl")
try:
    open("/proc/self/status", encoding="utf-8").close()
except FileNotFoundError:
    print("/proc")
try:
    open(__file__).close()
except EncodingWarning:
    print("encoding")
print(platform.system(), sys.platform)
