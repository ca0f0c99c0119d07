using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using ModularDM.Configurator.Platform.Windows.Engine;

namespace ModularDM.Configurator.Tests.Platform.Windows.Engine;

/// <summary>What stands for the DLL: it hands out real memory and counts what comes back.</summary>
internal sealed class FakeLocalManagement : ILocalManagementApi
{
    private readonly ConcurrentDictionary<IntPtr, string> _handedOut = new();

    public Func<string, string?> Answer { get; set; } = _ => "<SyncBody/>";

    public int RegisterResult { get; set; }

    public int ApplyResult { get; set; }

    public bool IsMissing { get; set; }

    public int Registrations { get; private set; }

    public ConcurrentQueue<string> Bodies { get; } = [];

    public ConcurrentQueue<int> Threads { get; } = [];

    /// <summary>Answers that were not freed.</summary>
    public int Leaked => _handedOut.Count;

    public int Register()
    {
        if (IsMissing)
        {
            throw new DllNotFoundException("mdmlocalmanagement.dll");
        }

        Registrations++;
        return RegisterResult;
    }

    public int Apply(string syncBody, out IntPtr answer)
    {
        Threads.Enqueue(Environment.CurrentManagedThreadId);
        Bodies.Enqueue(syncBody);
        string? text = Answer(syncBody);
        answer = Marshal.StringToHGlobalUni(text);
        if (answer != IntPtr.Zero)
        {
            _handedOut[answer] = text!;
        }

        return ApplyResult;
    }

    public void Free(IntPtr answer)
    {
        Assert.True(_handedOut.TryRemove(answer, out _));
        Marshal.FreeHGlobal(answer);
    }
}

/// <summary>A user whose comings and goings are written down.</summary>
internal sealed class FakeUser : IUserContext
{
    public List<string> Events { get; } = [];

    public IDisposable Enter()
    {
        Events.Add("in");
        return new Leave(this);
    }

    private sealed class Leave(FakeUser user) : IDisposable
    {
        public void Dispose() => user.Events.Add("out");
    }
}
