"""The sandbox in which students' code runs. It imports nothing of nbjudge but its own modules.

levels         what each level of isolation promises, in words
isolation      which of them this machine allows
namespaces     the first level: a world of its own
landlock       the second level, without any privilege: files guarded, calls filtered
visible        what both show of the machine
limits         how much a submission may use
kinds          what the supervisor has to know of each level
supervisor     guards one isolated process from outside: starts it, watches it, ends it
notifications  what the supervisor answers where the filter of system calls asks it
scratch        the folder that a submission may write to at the second level
cgroup         the kernel's count of memory and processes, where one may be made
processes      all processes of a sandbox, seen from outside
seccomp        the rules for system calls, made into a filter; syscalls has their numbers
linux          the kernel's calls that Python lacks
errors         what can go wrong
"""
