"""The script that shows a learner's next modules in any page; `serving.routers.widget` serves it."""
