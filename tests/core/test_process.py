"""Which process this is, and whether another one still runs."""

import os
import subprocess
import sys

from bot.core.process import machine_name, new_owner_name, process_runs


def test_a_process_of_this_machine_runs_until_it_ends():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        running = process_runs(machine_name(), process.pid)
        process.kill()
    ended = process_runs(machine_name(), process.pid)

    assert (running, ended) == (True, False)


def test_a_process_of_another_machine_is_never_taken_for_dead():
    assert process_runs("elsewhere", os.getpid()) is None


def test_an_earlier_process_with_this_ones_number_is_gone():
    assert process_runs(machine_name(), os.getpid()) is False


def test_no_two_runs_have_one_name():
    assert new_owner_name() != new_owner_name()
