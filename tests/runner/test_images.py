"""The second paper's benchmark of photographs on generated pictures in the same layout, in real processes."""

import pytest

from tests.made import faces
from tests.runner.pictures import pictures

BENCHMARK = """
tiny-faces:
  description: The recipe of tightness-agedb on generated pictures.
  extends: tightness-agedb
  datasets: [faces]
  methods: [l1, l1+multi_target]
  seeds: 1
  protocol: {epochs: 40, batch_size: 8, milestones: [20, 30]}
  backbones: {resnet50: {width: 4, layers: 1-1}}
"""


@pytest.mark.slow
def test_it_is_blocked_trained_killed_resumed_and_reported(tmp_path):
    made = faces.make(tmp_path / "mine")
    tiny = pictures(tmp_path, "faces", made.plugin, "tiny-faces", BENCHMARK, patience=300)
    missing = "blocked: faces (FACES) is not here: generated for a test, then run `regbench data import faces FOLDER`"
    try:
        assert missing in tiny.refusal()
        tiny.said("data", "import", "faces", "mine")
        resumed = tiny.killed_and_resumed()
        assert {"val/mae", "test/many/mae", "test/few/gme"} <= {name for _, _, name, _, _ in resumed}
        assert "MAE, few" in tiny.said("report", "--metric", "few/mae")
        assert tiny.uninterrupted() == resumed
    finally:
        tiny.end()
