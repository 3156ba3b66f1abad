"""Answers made to try out a front door with: asked for by `doctor --door`, made by the deployment itself."""
