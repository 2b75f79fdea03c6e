"""`inlay run`: the script behaves as it would without, and the run says what it was and how it ended."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import textwrap
import time

import pytest
from click.testing import CliRunner

import inlay
from inlay.capture.interpreter import environment_of, interpreter_of
from inlay.cli import main
from inlay.cli.script import masked, script_of
from inlay.store.masking import MASK

posix = pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
PYTHON = sys.executable


@pytest.fixture
def recorded(store, tmp_path):
    """Runs `inlay run` with these arguments in a session of its own; returns what it printed and its exit status."""

    def run(*arguments, **more):
        options = {"capture_output": True, "cwd": tmp_path, "timeout": 60, "start_new_session": True, **more}
        return subprocess.run([PYTHON, "-m", "inlay", "run", *arguments], **options)

    return run


@pytest.fixture
def here(store, tmp_path, monkeypatch, capfdbinary):
    """The same in this process, which is cheaper."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as left:
            main.main(["run", *arguments])
        out, err = capfdbinary.readouterr()
        return subprocess.CompletedProcess(arguments, left.value.code, out, err)

    return run


@pytest.fixture
def file(tmp_path):
    def write(code, name="train.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(code))
        return path.name

    return write


def output_of(run):
    return inlay.sql("select tail, bytes from outputs where run_id = ?::UUID", [run.run_id]).fetchall()[0]


def columns_of(run, columns):
    return inlay.sql(f"select {columns} from runs where run_id = ?::UUID", [run.run_id]).fetchall()[0]


def test_a_script_that_uses_inlay(recorded, file):
    script = file(
        """
        import inlay, os, sys
        print("out", sys.stdin.read())
        print("err", file=sys.stderr)
        inlay.log({"before": 1.0}, step=0)
        with inlay.start_run("its name", experiment="its own", params={"lr": 0.1, "p": 2}, note="its note") as run:
            run.log({"loss": 0.5}, step=0)
        with inlay.start_run("second"):
            pass
        inlay.get_run(run.run_id)
        """
    )
    given = ["-e", "exp", "-n", "typed", "-t", "team=x", "-p", "lr=0.5", "-p", "word=NaN", "--note", "typed, too"]
    done = recorded(*given, "--", PYTHON, script, "--api-key", "tiger", "--lr=1", input=b"in")
    assert (done.returncode, done.stdout) == (0, b"out in\n"), done.stderr
    run = inlay.get_run("typed")
    begun, err, ended = done.stderr.decode().splitlines()
    assert begun == f"inlay: run {run.short_id} (typed) is being recorded"
    assert err == "err"
    assert ended.startswith(f"inlay: run {run.short_id} (typed) finished in ")
    assert ended.endswith(f"inlay show {run.short_id}")
    assert (run.status, run.experiment, run.note, run.tags) == ("finished", "exp", "typed, too", {"team": "x"})
    assert run.params == {"lr": 0.1, "word": "NaN", "p": 2}
    assert run.metrics == {"before": 1.0, "loss": 0.5}
    assert sorted(output_of(run)[0].split("\n")) == ["", "err", "out in"]
    command, *rest = columns_of(run, "command, exit_code, source_kind, source_name, error_type")
    assert json.loads(command) == [PYTHON, script, "--api-key", MASK, "--lr=1"]
    assert rest == [0, "script", "train.py", None]
    assert inlay.get_run("second").parent_run_id == run.run_id
    query = "select source, packages from runs join sources using (code_hash) join environments using (env_hash)"
    ((source, packages),) = inlay.sql(f"{query} where run_id = ?::UUID", [run.run_id]).fetchall()
    assert 'inlay.log({"before"' in source
    assert "duckdb" in json.loads(packages)


def test_a_script_that_fails_inside_its_run(here, file):
    script = file("import inlay\nwith inlay.start_run('r'):\n    raise ValueError('api_key=tiger123')")
    done = here("-q", PYTHON, script)
    run = inlay.get_run("r")
    assert (done.returncode, run.status, columns_of(run, "exit_code")) == (1, "failed", (1,))
    assert (run.error.type, run.error.message) == ("ValueError", f"api_key={MASK}")
    assert "raise ValueError" in run.error.traceback
    assert b"inlay: run" not in done.stderr


ENDS = [
    ("import sys; sys.exit(3)", 3, "failed", "ExitStatus", "exit status 3"),
    ("1 / 0", 1, "failed", "ZeroDivisionError", "division by zero"),
    ("import json; json.loads('{')", 1, "failed", "JSONDecodeError", "property name"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", 137, "killed", "SIGKILL", "memory"),
    ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", 143, "killed", "SIGTERM", "killed by SIGTERM"),
    ("raise KeyboardInterrupt", 130, "interrupted", None, None),
]
if hasattr(signal, "SIGRTMIN"):  # the one behind it has no name
    number = signal.SIGRTMIN + 1
    code = f"import os; os.kill(os.getpid(), {number})"
    ENDS.append((code, 128 + number, "killed", f"signal {number}", f"killed by signal {number}"))


@posix
@pytest.mark.parametrize(("code", "status", "word", "error", "message"), ENDS)
def test_how_a_script_ends(store, here, code, status, word, error, message):
    done = here("-q", "-n", "r", "--", PYTHON, "-c", f"print('last words', flush=True)\n{code}")
    assert done.returncode == status
    run = inlay.get_run("r")
    assert (run.status, columns_of(run, "exit_code")) == (word, (status,))
    assert (run.error.type if run.error else None) == error
    if error is not None:
        assert message in run.error.message
    assert done.stdout == b"last words\n"
    assert "last words\n" in output_of(run)[0]


@posix
@pytest.mark.parametrize(
    ("program", "status", "said"),
    [("no-such-program", 127, "not found"), ("train.py", 126, "python train.py"), (".", 126, "is a folder")],
)
def test_what_cannot_be_run_is_no_run(store, file, monkeypatch, tmp_path, program, status, said):
    file("1")
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["run", program])
    assert done.exit_code == status
    assert said in done.output
    assert len(inlay.runs()) == 0


@posix
def test_a_program_whose_interpreter_is_missing(here, file, tmp_path):
    (tmp_path / file("#!/no/such/interpreter\n", "tool")).chmod(0o755)
    done = here("-n", "r", "./tool")
    assert done.returncode == 126
    assert inlay.get_run("r").status == "failed"


@pytest.mark.parametrize("option", [["-p", "novalue"], ["-t", "=x"], []])
def test_a_wrong_command_line(store, option):
    done = CliRunner().invoke(main, ["run", *option, *(["true"] if option else [])])
    assert done.exit_code == 2
    assert len(inlay.runs()) == 0


def test_much_output_and_output_that_is_no_text(here, tmp_path):
    data = bytes(range(256)) * 4096 + b"x" * (9 << 20) + b"\nlast line\n"
    (tmp_path / "data").write_bytes(data)
    code = "import sys; sys.stdout.buffer.write(open('data', 'rb').read())"
    done = here("-q", "-n", "r", "--", PYTHON, "-c", code)
    assert done.stdout == data
    tail, size = output_of(inlay.get_run("r"))
    assert size == len(data)
    assert tail.endswith("\nlast line\n")
    assert len(tail) <= 64 * 1024


def test_our_outputs_are_one(recorded):
    code = "import os\nfor n in range(200): os.write(1 + n % 2, b'%d\\n' % n)"
    done = recorded(
        "-q", "--", PYTHON, "-c", code, capture_output=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    assert done.stdout.split() == [b"%d" % n for n in range(200)]


@posix
def test_a_reader_that_goes_away(recorded, tmp_path):
    program = subprocess.Popen(
        [PYTHON, "-m", "inlay", "run", "-q", "-n", "r", "yes"],
        stdout=subprocess.PIPE,
        start_new_session=True,
        cwd=tmp_path,
    )
    program.stdout.readline()
    program.stdout.close()
    assert program.wait(30) == 128 + signal.SIGPIPE
    assert inlay.get_run("r").status == "killed"


@posix
def test_what_a_script_leaves_running_does_not_hold_it_up(here):
    began = time.monotonic()
    done = here("-q", "-n", "r", "--", "sh", "-c", "sleep 40 & echo $!")
    os.kill(int(done.stdout), signal.SIGKILL)
    assert time.monotonic() - began < 30
    assert output_of(inlay.get_run("r")) == (done.stdout.decode(), len(done.stdout))


# -- signals ------------------------------------------------------------------------------------------------

WAITING = """
import os, signal, sys, time
import inlay
heard = []
signal.signal(signal.SIGUSR1, lambda *_: heard.append(1))
inlay.log({"a": 1.0}, step=0)
ready, begun = os.pipe()
child = os.fork()  # of the same group
if child == 0:
    signal.signal(signal.SIGUSR1, lambda *_: os._exit(7))
    signal.signal(signal.SIGTERM, lambda *_: os._exit(8))
    os.write(begun, b'x')
    time.sleep(60)
    os._exit(9)
os.read(ready, 1)
print(os.getpid(), child, flush=True)
try:
    _, status = os.waitpid(child, 0)
    print(len(heard), os.waitstatus_to_exitcode(status), flush=True)
    time.sleep(60 if os.waitstatus_to_exitcode(status) == 8 else 0)
except KeyboardInterrupt:
    os.kill(child, signal.SIGKILL)
    raise
"""


@pytest.fixture
def waiting(store, file, tmp_path):
    """`inlay run` of a script that waits for a signal."""
    command = [PYTHON, "-m", "inlay", "run", "-q", "-n", "r", PYTHON, file(WAITING)]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    program = subprocess.Popen(command, cwd=tmp_path, start_new_session=True, text=True, **pipes)
    program.pids = [int(pid) for pid in program.stdout.readline().split()]
    yield program
    for pid in [program.pid, *program.pids]:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    program.wait()
    program.stdout.close()


@posix
@pytest.mark.parametrize(
    ("number", "status", "word", "said"),
    [("SIGUSR1", 0, "finished", "1 7"), ("SIGTERM", 143, "killed", ""), ("SIGINT", 130, "interrupted", "")],
)
def test_a_signal_reaches_the_script_and_all_it_started_once(waiting, number, status, word, said):
    waiting.send_signal(getattr(signal, number))
    assert waiting.stdout.read().strip() == said
    assert waiting.wait(30) == status
    run = inlay.get_run("r")
    assert (run.status, run.metrics) == (word, {"a": 1.0})


@posix
def test_when_it_is_killed_itself(waiting):
    waiting.kill()
    waiting.wait(30)
    run = inlay.get_run("r")
    assert (run.status, columns_of(run, "exit_code")) == ("killed", (None,))
    assert run.metrics == {"a": 1.0}


# -- the terminal -------------------------------------------------------------------------------------------

ON_TERMINAL = """
import os, time
print("terminals", *map(os.isatty, range(3)), os.get_terminal_size().columns, "\\x1b[31mred\\x1b[0m")
print("got", input("name? "), flush=True)
for _ in range(600):
    print(".", end="", flush=True)
    time.sleep(0.05)
"""


@posix
def test_on_a_terminal_with_a_shell(store, file, tmp_path):
    """Colours, input, Ctrl-Z and Ctrl-C are as without."""
    import fcntl
    import pty
    import struct
    import termios

    script = file(ON_TERMINAL)
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(tmp_path)
        os.environ["PS1"] = "ready> "
        os.execvp("bash", ["bash", "--norc", "--noprofile", "-i"])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 123, 0, 0))
    shown = bytearray()

    def until(what):
        end = time.monotonic() + 60
        while what not in shown:
            assert time.monotonic() < end, bytes(shown)
            if select.select([terminal], [], [], 0.1)[0]:
                shown.extend(os.read(terminal, 65536))
        before, _, rest = bytes(shown).partition(what)
        shown[:] = rest
        return before

    def typed(text, what):
        os.write(terminal, text)
        return until(what)

    try:
        until(b"ready> ")
        typed(b"stty -echo\n", b"ready> ")
        command = f"{PYTHON} -m inlay run -n r -- {PYTHON} {script}\n".encode()
        assert b"terminals True True True 123 \x1b[31mred\x1b[0m\r\n" in typed(command, b"name? ")
        typed(b"me\n", b"got me\r\n.")
        assert b"Stopped" in typed(b"\x1a", b"ready> ")
        typed(b"fg\n", script.encode() + b"\r\n")
        until(b".")
        assert b" interrupted in " in typed(b"\x03", b"ready> ")
        assert b"130" in typed(b"echo $?\n", b"ready> ")
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)
    run = inlay.get_run("r")
    assert run.status == "interrupted"
    assert "\x1b[31mred\x1b[0m\nname? got me\n" in output_of(run)[0]


# -- what is said of the command ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["train", "--token", "abc", "x"], ["train", "--token", MASK, "x"]),
        (["train", "--token", "--verbose"], ["train", "--token", "--verbose"]),
        (["env", "DB_PASSWORD=tiger12", "x"], ["env", f"DB_PASSWORD={MASK}", "x"]),
        (["get", "https://me:tiger12@host/x"], ["get", f"https://me:{MASK}@host/x"]),
        (["train", "--lr", "0.1", "--max-tokens", "5"], ["train", "--lr", "0.1", "--max-tokens", "5"]),
    ],
)
def test_secrets_in_the_command(command, expected):
    assert masked(command) == expected


def test_which_script_it_is(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pack").mkdir()
    for name in ("a.py", "pack/b.py", "pack/__main__.py"):
        (tmp_path / name).write_text(name)
    for command, expected in [
        ("python -u a.py --x", ("a.py", "a.py")),
        ("torchrun --nproc 2 pack/b.py", ("b.py", "pack/b.py")),
        ("python -m pack.b", ("b.py", "pack/b.py")),
        ("python -m pack", ("__main__.py", "pack/__main__.py")),
        ("python -m elsewhere", ("elsewhere", None)),
        ("python missing.py", ("python", None)),
        ("/bin/sh go.sh", ("sh", None)),
    ]:
        found = script_of(command.split())
        assert (found.name, found.text) == expected, command
    assert script_of(["python", "-c", "print(1)"]).text == "print(1)"


@posix
def test_which_interpreter_it_is(tmp_path):
    tool = tmp_path / "torchrun"
    for line, expected in [
        (f"#!{PYTHON} -s", PYTHON),
        ("#!/usr/bin/env python3", __import__("shutil").which("python3")),
        ("#!/bin/sh", None),
        ("\x7fELF", None),
    ]:
        tool.write_text(line + "\n")
        tool.chmod(0o755)
        assert interpreter_of([str(tool)], os.environ) == expected
    assert interpreter_of([PYTHON, "x.py"], os.environ) == PYTHON
    assert interpreter_of(["no-such-program"], os.environ) is None
    other = tmp_path / "python"  # the same one, by another name
    other.symlink_to(PYTHON)
    found = environment_of(str(other), os.environ)
    assert found.python.startswith(f"{sys.version_info[0]}.{sys.version_info[1]}.")
    assert found.hardware
    tool.write_text("#!/bin/sh\necho no json\n")
    assert environment_of(str(tool), os.environ) is None
