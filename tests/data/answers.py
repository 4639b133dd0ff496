"""What OpenML and UCI answer about a dataset, in short."""

import json

DESCRIPTION = """<oml:data_set_description xmlns:oml="http://openml.org/openml">
<oml:id>44136</oml:id><oml:name>wine_quality</oml:name><oml:version>8</oml:version>
<oml:description>a table</oml:description><oml:format>{form}</oml:format>
<oml:licence>Public</oml:licence><oml:url>{url}</oml:url><oml:file_id>1</oml:file_id>
<oml:status>active</oml:status><oml:md5_checksum>{md5}</oml:md5_checksum>
</oml:data_set_description>"""


def openml_description(url: str, md5: str, form: str = "arff") -> bytes:
    return DESCRIPTION.format(url=url, md5=md5, form=form).encode()


def uci_answer(url: str | None) -> bytes:
    return json.dumps({"status": 200, "data": {"uci_id": 186, "name": "Wine Quality", "data_url": url}}).encode()


SUITE = """<oml:study xmlns:oml="http://openml.org/openml">
<oml:id>{number}</oml:id><oml:main_entity_type>task</oml:main_entity_type><oml:name>a suite</oml:name>
<oml:description>tables</oml:description><oml:status>active</oml:status>
<oml:creation_date>2023-01-01 00:00:00</oml:creation_date><oml:creator>1</oml:creator>
<oml:data>{data}</oml:data><oml:tasks>{tasks}</oml:tasks></oml:study>"""
TASK = """<oml:task><oml:task_id>{task}</oml:task_id><oml:task_type_id>{type}</oml:task_type_id>
<oml:task_type>{kind}</oml:task_type><oml:did>{dataset}</oml:did><oml:name>{name}</oml:name>
<oml:status>active</oml:status><oml:format>ARFF</oml:format>
<oml:input name="estimation_procedure">7</oml:input><oml:input name="source_data">{dataset}</oml:input>
<oml:input name="target_feature">{target}</oml:input><oml:quality name="NumberOfInstances">30</oml:quality>
<oml:quality name="NumberOfFeatures">5</oml:quality></oml:task>"""
PROCEDURES = """<oml:estimationprocedures xmlns:oml="http://openml.org/openml"><oml:estimationprocedure>
<oml:id>7</oml:id><oml:ttid>2</oml:ttid><oml:name>10-fold Crossvalidation</oml:name>
<oml:type>crossvalidation</oml:type></oml:estimationprocedure><oml:estimationprocedure><oml:id>8</oml:id>
<oml:ttid>1</oml:ttid><oml:name>Holdout</oml:name><oml:type>holdout</oml:type></oml:estimationprocedure>
</oml:estimationprocedures>"""


def openml_suite(number: int, tasks: list[tuple[int, int, str]]) -> bytes:
    """A suite of tasks (task, dataset, name)."""
    data = "".join(f"<oml:data_id>{dataset}</oml:data_id>" for _, dataset, _ in tasks)
    listed = "".join(f"<oml:task_id>{task}</oml:task_id>" for task, _, _ in tasks)
    return SUITE.format(number=number, data=data, tasks=listed).encode()


def openml_tasks(tasks: list[tuple[int, int, str]], target: str, classification: set[int]) -> bytes:
    """OpenML's list of these tasks; some are classifications, the others regressions."""
    kinds = {True: (1, "Supervised Classification"), False: (2, "Supervised Regression")}
    made = [
        TASK.format(task=task, type=kind, kind=called, dataset=dataset, name=name, target=target)
        for task, dataset, name in reversed(tasks)
        for kind, called in [kinds[task in classification]]
    ]
    return f'<oml:tasks xmlns:oml="http://openml.org/openml">{"".join(made)}</oml:tasks>'.encode()
