variable "deployer" {
  description = "Who may start this program, as a member of Google Cloud"
  type        = string
}

variable "name" {
  description = "What the program is called; with the environment it is the account's name"
  type        = string
}

variable "purpose" {
  description = "What the program does, for who reads the list of accounts"
  type        = string
}

variable "variables" {
  description = "What every program is told of its environment; it names the bucket and the tables"
  type        = map(string)
}

variable "writes" {
  description = "Whether the program may change the bucket and the tables, or only read them"
  type        = bool
}
