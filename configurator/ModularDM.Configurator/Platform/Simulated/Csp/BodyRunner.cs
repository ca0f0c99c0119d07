using ModularDM.Configurator.Platform.Windows.SyncMl;

namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>
/// Does the commands of a body in their order and answers each by its number. An Atomic is done as a whole: when one of its commands fails, those before it
/// are rolled back (216), those after it are not executed (215) and the Atomic itself is answered with 507.
/// </summary>
internal sealed class BodyRunner(CspTree tree, ICspFaults? faults = null)
{
    private const int MaxCommands = 10_000;
    private readonly CspVerbs _verbs = new(tree);

    /// <summary>Called after a node was executed with success and its message, or its Atomic, was done.</summary>
    public Action<string>? Executed { get; set; }

    /// <param name="body">The body, with or without the <c>SyncML</c> around it.</param>
    /// <param name="limit">How long to wait for messages before it.</param>
    /// <exception cref="Contracts.Configurator.ConfiguratorException">It is no XML, breaks a limit, or a fault says so.</exception>
    public string Run(string body, TimeSpan? limit = null)
    {
        IReadOnlyList<BodyCommand> commands = BodyCommand.ReadBody(body);
        using var answer = new BodyAnswer();
        tree.Change(_ => Run(commands, answer), limit);
        return answer.Finish();
    }

    private void Run(IReadOnlyList<BodyCommand> commands, BodyAnswer answer)
    {
        for (int i = 0; i < commands.Count; i++)
        {
            if (i < MaxCommands)
            {
                Run(commands[i], answer);
            }
            else
            {
                answer.Status(commands[i].Id, commands[i].Verb, SyncMlStatus.TooLarge);
            }
        }
    }

    private void Run(BodyCommand command, BodyAnswer answer)
    {
        switch (command.Verb)
        {
            // The end of the package, and answers to what this device never asked.
            case "Final" or "Status":
                return;
            case "Get" or "Replace" or "Add" or "Delete" or "Exec" or "Atomic" or "Sequence" when command.Id is null:
                answer.Status(null, command.Verb, SyncMlStatus.BadRequest);
                return;
            case "Get" or "Replace" or "Add" or "Delete" or "Exec":
                Write(command, Do(command), answer);
                return;
            case "Sequence":
                answer.Status(command.Id, command.Verb, SyncMlStatus.Ok);
                foreach (BodyCommand inside in command.Inside)
                {
                    Run(inside, answer);
                }

                return;
            case "Atomic":
                RunAtomic(command, answer);
                return;
            case "Alert":
                answer.Status(command.Id, command.Verb, SyncMlStatus.NotSupported);
                return;
            default:
                answer.Status(command.Id, command.Verb, SyncMlStatus.BadRequest);
                return;
        }
    }

    private void RunAtomic(BodyCommand atomic, BodyAnswer answer)
    {
        CspSavepoint savepoint = tree.Savepoint();
        var ends = new List<(BodyCommand Command, List<Step> Steps)>();
        var added = new HashSet<string>(StringComparer.Ordinal);
        bool failed = false;
        foreach (BodyCommand command in atomic.Inside)
        {
            List<Step> steps = failed ? [new Step(null, new CspOutcome(SyncMlStatus.NotExecuted))] : DoInAtomic(command, added);
            failed |= steps.Exists(step => !step.Outcome.IsSuccess && !step.IsLost);
            ends.Add((command, steps));
        }

        if (failed)
        {
            tree.RollBack(savepoint);
        }

        answer.Status(atomic.Id, atomic.Verb, failed ? SyncMlStatus.AtomicFailed : SyncMlStatus.Ok);
        foreach ((BodyCommand command, List<Step> steps) in ends)
        {
            Write(command, failed ? steps.ConvertAll(step => step.Outcome.IsSuccess ? step with { Outcome = new CspOutcome(SyncMlStatus.RolledBack) } : step) : steps, answer);
        }
    }

    private List<Step> DoInAtomic(BodyCommand command, HashSet<string> added)
    {
        int refused = command switch
        {
            { Verb: "Get" or "Atomic" } => SyncMlStatus.Failed,
            { Verb: "Add" or "Replace" or "Delete" or "Exec", Id: not null } => SyncMlStatus.Ok,
            _ => SyncMlStatus.BadRequest,
        };
        foreach (SyncMlItem item in command.Items)
        {
            string address = LocUri.Normalize(item.LocUri);
            // Windows does not take both for one node.
            if ((command.Verb == "Add" && !added.Add(address)) || (command.Verb == "Replace" && added.Contains(address)))
            {
                refused = SyncMlStatus.Failed;
            }
        }

        return refused == SyncMlStatus.Ok ? Do(command) : [new Step(null, new CspOutcome(refused))];
    }

    private List<Step> Do(BodyCommand command)
    {
        if (command.Items.Count == 0)
        {
            return [new Step(null, new CspOutcome(SyncMlStatus.BadRequest))];
        }

        var steps = new List<Step>(command.Items.Count);
        foreach (SyncMlItem item in command.Items)
        {
            SimulatedFault? fault = faults?.On(item.LocUri);
            CspOutcome outcome = fault?.Status is { } status ? new CspOutcome(status) : _verbs.Do(command.Verb, item.LocUri, item.Format, item.Data);
            if (command.Verb == "Exec" && outcome.IsSuccess && Executed is { } executed)
            {
                tree.OnCommit(() => executed(LocUri.Normalize(item.LocUri)));
            }

            steps.Add(new Step(item, outcome, fault?.Lost == true));
        }

        return steps;
    }

    private static void Write(BodyCommand command, List<Step> steps, BodyAnswer answer)
    {
        foreach (Step step in steps)
        {
            if (step.IsLost)
            {
                continue;
            }

            answer.Status(command.Id, command.Verb, step.Outcome.Status, steps.Count > 1 ? step.Item?.LocUri : null);
            if (step.Item is { } item && (step.Outcome.Data is not null || step.Outcome.Subtree is not null))
            {
                LocUri.TrySplitList(item.LocUri, out string locUri, out CspList list);
                answer.Results(command.Id, locUri, step.Outcome, list);
            }
        }
    }

    private sealed record Step(SyncMlItem? Item, CspOutcome Outcome, bool IsLost = false);
}
