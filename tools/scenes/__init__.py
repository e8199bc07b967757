"""Small made-up places, built from procedural geometry and shader nodes; Blender (`bpy`) is a development tool only."""
