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
