// Each class may run a whole system of four processes; more than two at a time would measure the machine and not the code.
[assembly: CollectionBehavior(MaxParallelThreads = 2)]
