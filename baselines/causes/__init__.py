"""Why a series moved: one small function a cause, each of which has evidence or says nothing."""
