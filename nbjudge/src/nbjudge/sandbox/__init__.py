"""The sandbox in which a student's code runs: limits, Linux calls, namespaces, control groups, a filter of system calls.

`limits` says how much a submission may use; `linux` calls the kernel; `namespaces` shuts a process in; `seccomp` and
`cgroup` are its second and third wall; `supervisor` guards one isolated process from outside; `isolation`
says which levels there are.
"""
