app_env = "tst"
