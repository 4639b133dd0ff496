"""`regbench doctor`: what is wrong with this machine, and how to mend it."""

from dataclasses import asdict

from regbench.cli import options
from regbench.cli.output import amount, emit, emit_json, paint, say


def doctor(
    db: options.Database = options.DATABASE, file: options.BenchmarkFile = None, json: options.Json = False
) -> int:
    """Examine this machine, and say what is wrong and how to mend it.

    Versions, processors, threads, devices, number formats, disk, file system, database, data and benchmarks.

    Examples:
      regbench doctor
      regbench doctor --db results/other.db --json
    """
    say("regbench: examining this machine")
    from regbench.doctor import examine

    findings = examine(db=db, file=file)
    wrong = [each for each in findings if not each.ok]
    if json:
        emit_json("doctor", [asdict(each) for each in findings], [f"{each.name}: {each.remedy}" for each in wrong])
    else:
        indent = max(len(each.name) for each in findings) + 4
        for each in findings:
            mark = paint("ok", "green") if each.ok else paint("!!", "red")
            emit(f"{mark}  {each.name:<{indent - 4}}  {each.found}")
            if not each.ok:
                emit(f"{'':<{indent + 2}}{paint(each.remedy, 'bold')}")
        say(f"{amount(len(wrong), 'thing')} to mend" if wrong else "all is well")
    return 7 if wrong else 0
