"""Films made up, with exact truth: a fixed camera at a place where things are left, taken and moved, or nothing is."""

from __future__ import annotations

from spotdiff.data.synth.clips.ground_truth import truth_of as truth_of
from spotdiff.data.synth.clips.plan import ClipPlan as ClipPlan
from spotdiff.data.synth.clips.planner import plan_clip as plan_clip
from spotdiff.data.synth.clips.recipe import ClipRecipe as ClipRecipe
from spotdiff.data.synth.clips.recipe import get_clip_recipe as get_clip_recipe
from spotdiff.data.synth.clips.render import frames_of as frames_of
from spotdiff.data.synth.clips.write import WrittenClip as WrittenClip
from spotdiff.data.synth.clips.write import write_clips as write_clips
