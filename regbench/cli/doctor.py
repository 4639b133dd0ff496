"""`regbench doctor`: problems of this machine, and how to fix them."""

from dataclasses import asdict

from regbench.cli import options
from regbench.cli.output import amount, emit, emit_json, paint, say


def doctor(
    db: options.Database = options.DATABASE,
    file: options.BenchmarkFile = None,
    engine: options.Engine = "local",
    address: options.Address = None,
    json: options.Json = False,
) -> int:
    """Check this machine, and say what is wrong and how to fix it.

    Versions, processors, threads, devices, Ray, number formats, disk, file system, database, data and benchmarks;
    plug-ins of your own, the lock file of a gate, and which extras are installed. With --engine ray --address the nodes
    of that cluster too: slots, memory and versions.

    Examples:
      regbench doctor
      regbench doctor --db results/other.db --json
      regbench doctor --engine ray --address auto
    """
    say("regbench: checking this machine")
    from regbench.doctor import examine

    findings = examine(db=db, file=file, engine=engine, address=address)
    wrong = [finding for finding in findings if not finding.ok]
    if json:
        warnings = [f"{finding.name}: {finding.remedy}" for finding in wrong]
        emit_json("doctor", [asdict(finding) for finding in findings], warnings)
    else:
        indent = max(len(finding.name) for finding in findings) + 4
        for finding in findings:
            mark = paint("ok", "green") if finding.ok else paint("!!", "red")
            emit(f"{mark}  {finding.name:<{indent - 4}}  {finding.found}")
            if not finding.ok:
                emit(f"{'':<{indent + 2}}{paint(finding.remedy, 'bold')}")
        say(f"{amount(len(wrong), 'problem')} to fix" if wrong else "no problems found")
    return 7 if wrong else 0
