app_env = "acc"
