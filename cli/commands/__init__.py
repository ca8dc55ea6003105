"""The verbs: each module one group, options parsed here and handed on."""
