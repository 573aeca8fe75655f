"""What the model costs, cheaper models made from it, and more machines for it.

`counting` counts the operations of an ONNX graph, `flops` says what training and a prediction cost.
`candidates` makes cheaper models from the champion, `measuring` measures one in a process of its
own, `optimise` compares them and registers one. `parallel` learns in two processes as in one, which
`workers` starts.
`latency` tries three ways to answer faster with the same model, `little` computes concurrency and
instances from a load test. `page` is where all of them write.
"""

COMMANDS = {"flops": "flops:main", "optimise": "optimise:main"}
COMMANDS |= {"parallel": "parallel:main", "latency": "latency:main"}
