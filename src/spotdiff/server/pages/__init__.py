"""What a person sees: pages of HTML with scripts that are served as they lie, without a build step."""
