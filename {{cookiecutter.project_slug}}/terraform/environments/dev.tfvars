app_env = "dev"
branch  = "develop"
