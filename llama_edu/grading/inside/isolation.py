"""Shut a process in: a world of its own with a few read-only folders, and limits (Linux).

Namespaces hide other processes, the network and the disk; limits keep what is left small. Nothing
here is undone: the process that calls `enter` is to fork the student's and to end with it.

Source: namespaces(7), user_namespaces(7), pivot_root(2), mount_setattr(2), capabilities(7).
"""

import ctypes
import errno
import os
import resource
import struct
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

NEWNS, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET = (
    0x00020000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000,
)  # fmt: skip
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 2, 4, 0x1000, 0x4000, 1 << 18
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41, "riscv64": 41}
SYS_MOUNT_SETATTR = 442  # on every machine
AT_FDCWD, AT_RECURSIVE = -100, 0x8000
ATTR_RDONLY, ATTR_NOSUID, ATTR_NODEV = 1, 2, 4
MNT_DETACH = 2
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS = 1, 4, 24, 38
PR_SET_CHILD_SUBREAPER = 36
SIGKILL = 9
PR_SET_SECCOMP = 22
# unshare, setns, mount, umount2, pivot_root, shmget, memfd_create, add_key, request_key, keyctl,
# ptrace, process_vm_readv, process_vm_writev, bpf, perf_event_open, userfaultfd, open_by_handle_at
MACHINES = {
    "x86_64": (0xC000003E, 56, (
        272, 308, 165, 166, 155, 29, 319, 248, 249, 250, 101, 310, 311, 321, 298, 323, 304,
    )),
    "aarch64": (0xC00000B7, 220, (
        97, 268, 40, 39, 41, 194, 279, 217, 218, 219, 117, 270, 271, 280, 241, 282, 265,
    )),
}  # fmt: skip
CLONE3 = 435
# io_uring_setup and its like; the calls that make mounts piece by piece
FORBIDDEN = (425, 426, 427, 428, 429, 430, 431, 432, 433, 442)
OLD = "/oldroot"
DEVICES = ("null", "zero", "full", "random", "urandom")
SYSTEM = ("/usr", "/lib", "/lib32", "/lib64", "/bin", "/etc/ld.so.cache")
# One number for each sandbox of a machine: limits on processes are counted by user.
FIRST_UID = 1_000_000
TMP_BYTES, MAX_FILE_BYTES, MAX_PROCESSES, MAX_FILES = 64 << 20, 16 << 20, 96, 128


@dataclass(frozen=True)
class View:
    """What of the disk a student's process sees.

    Args:
        visible: folders and files to read, beside the system's own.
        hidden: folders that are empty even where they lie in a visible one.
        writable: the folder of the kernel's sockets, sealed once they are there.
    """

    visible: tuple[str, ...]
    hidden: tuple[str, ...]
    writable: str


def enter(view: View) -> None:
    """Leave the host's namespaces for new ones; the next child is process 1 of its own world.

    Raises:
        OSError: if this machine does not allow it.
    """
    flags = NEWNS | NEWPID | NEWNET | NEWIPC | NEWUTS
    if os.geteuid() == 0:
        _call("unshare", flags)
    else:
        uid, gid = os.geteuid(), os.getegid()
        _call("unshare", flags | NEWUSER)
        for name, text in (
            ("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1"),
        ):  # fmt: skip
            with open(f"/proc/self/{name}", "w") as file:
                file.write(text)


def build_root(view: View) -> None:
    """Make a root folder of nothing but the view, and drop the old one; call it as process 1."""
    _mount("none", "/", None, MS_REC | MS_PRIVATE)
    sources = {path: os.path.realpath(path) for path in (*SYSTEM, *view.visible)}
    links = {path: os.readlink(path) for path in SYSTEM if os.path.islink(path)}
    _mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=1m")
    os.mkdir(f"/tmp{OLD}")
    _pivot_root("/tmp", f"/tmp{OLD}")
    os.chdir("/")
    for path in ("/dev", "/tmp"):
        os.mkdir(path)
    for name in DEVICES:
        _bind(f"{OLD}/dev/{name}", f"/dev/{name}")
    options = f"mode=1777,size={TMP_BYTES},nr_inodes=2000"
    _mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, options)
    for path, target in links.items():
        os.symlink(target, path)
    kinds = dict.fromkeys(view.hidden, "hidden") | dict.fromkeys(sources, "visible")
    kinds[view.writable] = "writable"
    # A folder comes before what lies in it, so that what is said of the inner one holds.
    for path in sorted(kinds, key=lambda path: path.count("/")):
        if path in links:
            continue
        if kinds[path] == "visible" and os.path.exists(OLD + sources[path]):
            _bind(OLD + sources[path], path)
            _seal(path)
        elif kinds[path] == "writable":
            _bind(OLD + path, path)
        elif kinds[path] == "hidden" and os.path.isdir(path):
            _mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV, "mode=755,size=64k")
    _call("umount2", OLD.encode(), MNT_DETACH)
    os.rmdir(OLD)
    _set_attributes("/", ATTR_RDONLY, recursive=False)
    _call("sethostname", b"student", 7)


def seal(view: View) -> None:
    """From now on nothing but the temporary folder can be written."""
    _seal(view.writable)


def drop_privileges(uid: int) -> None:
    """Become a user of no rights, for good.

    Args:
        uid: to become, where we are root; an ordinary user stays who they are.
    """
    for capability in range(64):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # EINVAL beyond the last: no matter
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    _call("capset", header, (ctypes.c_uint32 * 6)())
    set_process(PR_SET_NO_NEW_PRIVS, 1)


def forbid_calls() -> None:
    """Refuse the system calls that make new worlds, hold memory unseen or look into others.

    Source: seccomp(2); struct sock_filter of the kernel's linux/filter.h.
    """
    machine = os.uname().machine
    if machine not in MACHINES:
        return
    arch, clone, numbers = MACHINES[machine]
    load, equal, at_least, set_bits, give = 0x20, 0x15, 0x35, 0x45, 0x06
    allow, refuse, missing = 0x7FFF0000, 0x00050000 | errno.EPERM, 0x00050000 | errno.ENOSYS
    program = [
        (load, 0, 0, 4), (equal, 1, 0, arch), (give, 0, 0, refuse),  # no other machine's calls
        (load, 0, 0, 0), (at_least, 0, 1, 1 << 30), (give, 0, 0, refuse),  # nor x32's
        (equal, 0, 1, CLONE3), (give, 0, 0, missing),  # its flags cannot be looked at
    ]  # fmt: skip
    for number in (*numbers, *FORBIDDEN):
        program += [(equal, 0, 1, number), (give, 0, 0, refuse)]
    program += [
        (equal, 0, 3, clone), (load, 0, 0, 16), (set_bits, 0, 1, NEWUSER), (give, 0, 0, refuse),
        (give, 0, 0, allow),
    ]  # fmt: skip
    packed = b"".join(struct.pack("HBBI", *line) for line in program)
    code = ctypes.create_string_buffer(packed)
    header = struct.pack("HxxxxxxP", len(program), ctypes.addressof(code))
    _call("prctl", PR_SET_SECCOMP, 2, ctypes.create_string_buffer(header), 0, 0)


def set_process(option: int, value: int) -> None:
    """prctl(2) with one argument."""
    _call("prctl", option, value, 0, 0, 0)


def limit(memory: int, cpu_seconds: int) -> None:
    """Bound what this process and each of its children may use.

    Args:
        memory: bytes of private memory; shared memory is for the grader to watch.
        cpu_seconds: of each process; a kernel is ended by its own clock long before.
    """
    limits = {
        "RLIMIT_CPU": cpu_seconds,
        "RLIMIT_FSIZE": MAX_FILE_BYTES,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": MAX_FILES,
    }
    if sys.platform == "linux":  # elsewhere a torch that is loaded maps more than it may
        limits["RLIMIT_DATA"] = memory
    for name, most in limits.items():
        lower(name, most)


def lower(name: str, most: int) -> None:
    """Set a limit that is not above the one in force; its hard limit too."""
    kind = getattr(resource, name)
    hard = resource.getrlimit(kind)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(kind, (most, most))


def close_all_but(keep: Iterable[int]) -> None:
    """Close every file that was inherited."""
    edges = [2, *sorted(keep), os.sysconf("SC_OPEN_MAX")]
    for low, high in pairwise(edges):
        os.closerange(low + 1, high)


libc = ctypes.CDLL(None, use_errno=True)


def _call(name: str, *arguments) -> None:
    if getattr(libc, name)(*arguments) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def _mount(source: str, target: str, kind: str | None, flags: int, options: str = "") -> None:
    arguments = (text.encode() if text else None for text in (source, target, kind))
    _call("mount", *arguments, ctypes.c_ulong(flags), options.encode() or None)


def _bind(source: str, target: str) -> None:
    if os.path.isdir(source):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.makedirs(os.path.dirname(target), exist_ok=True)
        with open(target, "w"):
            pass
    _mount(source, target, None, MS_BIND | MS_REC)


def _seal(path: str) -> None:
    _set_attributes(path, ATTR_RDONLY | ATTR_NOSUID | (0 if path == "/dev" else ATTR_NODEV))


def _set_attributes(path: str, attributes: int, recursive: bool = True) -> None:
    settings = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    _call(
        "syscall", ctypes.c_long(SYS_MOUNT_SETATTR), AT_FDCWD, path.encode(),
        AT_RECURSIVE if recursive else 0, settings, ctypes.c_size_t(32),
    )  # fmt: skip


def _pivot_root(new: str, old: str) -> None:
    machine = os.uname().machine
    if machine not in SYS_PIVOT_ROOT:
        raise OSError(f"pivot_root: its number on {machine} is not known")
    _call("syscall", ctypes.c_long(SYS_PIVOT_ROOT[machine]), new.encode(), old.encode())
