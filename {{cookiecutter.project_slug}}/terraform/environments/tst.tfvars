app_env = "tst"
branch  = "develop"
