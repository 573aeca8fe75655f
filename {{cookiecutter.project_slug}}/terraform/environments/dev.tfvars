app_env = "dev"
