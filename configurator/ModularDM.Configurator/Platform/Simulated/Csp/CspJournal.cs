namespace ModularDM.Configurator.Platform.Simulated.Csp;

/// <summary>How to undo what was changed since the last commit, and what was promised for the time after it.</summary>
internal sealed class CspJournal
{
    private readonly List<Action> _undo = [];
    private readonly List<Action> _promises = [];

    public bool HasChanges => _undo.Count > 0;

    public CspSavepoint Savepoint => new(_undo.Count, _promises.Count);

    public void Add(Action undo) => _undo.Add(undo);

    public void OnCommit(Action action) => _promises.Add(action);

    /// <summary>Undoes all that came after a savepoint, the last first.</summary>
    public void RollBack(CspSavepoint savepoint)
    {
        for (int i = _undo.Count - 1; i >= savepoint.Changes; i--)
        {
            _undo[i]();
        }

        _undo.RemoveRange(savepoint.Changes, _undo.Count - savepoint.Changes);
        _promises.RemoveRange(savepoint.Promises, _promises.Count - savepoint.Promises);
    }

    /// <summary>Nothing before this can be undone any more.</summary>
    public void Clear() => _undo.Clear();

    /// <summary>Does what was promised, once.</summary>
    public void Promise()
    {
        if (_promises.Count == 0)
        {
            return;
        }

        Action[] actions = [.. _promises];
        _promises.Clear();
        Array.ForEach(actions, action => action());
    }
}

/// <summary>A moment to which a tree can be taken back.</summary>
internal readonly record struct CspSavepoint(int Changes, int Promises);
