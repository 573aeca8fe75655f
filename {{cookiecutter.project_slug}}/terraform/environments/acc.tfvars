app_env = "acc"
branch  = "main"
