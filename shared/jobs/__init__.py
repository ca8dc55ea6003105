"""The life of a job: invoke, plan, allocate, watch, merge, finish, cancel."""
