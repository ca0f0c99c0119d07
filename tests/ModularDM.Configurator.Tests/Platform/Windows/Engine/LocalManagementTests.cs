using ModularDM.Configurator.Platform.Windows.Engine;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Windows.Engine;

public sealed class LocalManagementTests
{
    private static readonly TimeSpan s_limit = TestTimeouts.Default;

    [Fact]
    public void Apply_SeveralTimes_RegistersOnceOnOneThreadAndFreesAnswers()
    {
        var api = new FakeLocalManagement { Answer = body => $"answer to {body.Length}" };
        using var transport = new LocalManagementTransport(api, new FakeUser());
        string body = Body("./DevInfo/Man");
        Assert.All(Enumerable.Range(0, 20), _ => Assert.Equal($"answer to {body.Length}", transport.Apply(body, s_limit)));
        Assert.Equal(1, api.Registrations);
        Assert.Single(api.Threads.Distinct());
        Assert.DoesNotContain(Environment.CurrentManagedThreadId, api.Threads);
        Assert.Equal(0, api.Leaked);
    }

    [Theory]
    [InlineData(0x8007139F, ConfiguratorErrorCode.NotSupported, "Switch it on with a provisioning package")]
    [InlineData(0x80040154, ConfiguratorErrorCode.NotSupported, "64-bit")]
    [InlineData(0x80010106, ConfiguratorErrorCode.Failed, "apartment")]
    [InlineData(0x800705B4, ConfiguratorErrorCode.Timeout, "outcome is unknown")]
    [InlineData(0x80070005, ConfiguratorErrorCode.Denied, "LocalSystem")]
    [InlineData(0x8000FFFF, ConfiguratorErrorCode.Failed, "event log")]
    public void Apply_HResult_IsSaidInWordsAndFreesTheAnswer(uint result, ConfiguratorErrorCode code, string said)
    {
        var api = new FakeLocalManagement { ApplyResult = unchecked((int)result) };
        using var transport = new LocalManagementTransport(api, new FakeUser());
        var error = Assert.Throws<ConfiguratorException>(() => transport.Apply(Body("./DevInfo/Man"), s_limit));
        Assert.Equal((code, $"0x{result:X8}"), (error.Code, error.Error.Detail));
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
        Assert.Equal(0, api.Leaked);
    }

    [Fact]
    public void Register_ThatFailed_IsTriedAgain()
    {
        var api = new FakeLocalManagement { RegisterResult = unchecked((int)0x8007139F) };
        using var transport = new LocalManagementTransport(api, new FakeUser());
        Assert.Throws<ConfiguratorException>(() => transport.Apply(Body("./DevInfo/Man"), s_limit));
        Assert.Empty(api.Bodies);
        api.RegisterResult = 0;
        transport.Apply(Body("./DevInfo/Man"), s_limit);
        Assert.Equal((2, 1), (api.Registrations, api.Bodies.Count));
    }

    [Fact]
    public void Apply_WithoutTheDll_IsNotSupported()
    {
        using var transport = new LocalManagementTransport(new FakeLocalManagement { IsMissing = true }, new FakeUser());
        Assert.Equal(ConfiguratorErrorCode.NotSupported, Assert.Throws<ConfiguratorException>(() => transport.Apply(Body("./DevInfo/Man"), s_limit)).Code);
    }

    [Fact]
    public void Apply_TooMuch_IsRefusedBothWays()
    {
        var api = new FakeLocalManagement { Answer = _ => new string('x', LocalManagementTransport.MaxAnswerChars + 1) };
        using var transport = new LocalManagementTransport(api, new FakeUser());
        Assert.Equal(
            ConfiguratorErrorCode.InvalidArgument,
            Assert.Throws<ConfiguratorException>(() => transport.Apply(new string('x', LocalManagementTransport.MaxRequestChars + 1), s_limit)).Code);
        Assert.Contains("smaller part", Assert.Throws<ConfiguratorException>(() => transport.Apply(Body("./DevInfo/Man"), s_limit)).Message, StringComparison.Ordinal);
        Assert.Equal(0, api.Leaked);
    }

    [Fact]
    public void Apply_NullAnswer_IsEmpty()
    {
        using var transport = new LocalManagementTransport(new FakeLocalManagement { Answer = _ => null }, new FakeUser());
        Assert.Equal(string.Empty, transport.Apply(Body("./DevInfo/Man"), s_limit));
    }

    [Fact]
    public void Apply_NodesOfTheUser_InTheUsersName()
    {
        var user = new FakeUser();
        var api = new FakeLocalManagement();
        using var transport = new LocalManagementTransport(api, user);
        transport.Apply(Body("./Device/Vendor/MSFT/WiFi"), s_limit);
        Assert.Empty(user.Events);
        transport.Apply(Body("./User/Vendor/MSFT/WiFi"), s_limit);
        api.ApplyResult = unchecked((int)0x8000FFFF);
        Assert.Throws<ConfiguratorException>(() => transport.Apply(Body("./user/Vendor/MSFT/WiFi"), s_limit));
        Assert.Equal(["in", "out", "in", "out"], user.Events);
        Assert.Equal(
            ConfiguratorErrorCode.InvalidArgument, Assert.Throws<ConfiguratorException>(() => transport.Apply(Body("./User/Vendor/MSFT/WiFi", "./DevInfo/Man"), s_limit)).Code);
    }

    [Fact]
    public void Scope_AddressInsideAValue_DoesNotCount()
    {
        var request = new SyncMlRequest();
        request.Replace("./Vendor/MSFT/X", CspFormat.Xml, "<LocURI>./User/Vendor</LocURI>");
        Assert.False(SyncMlScope.IsOfUser(request.Build()));
        Assert.False(SyncMlScope.IsOfUser("<SyncBody><Replace><Item><Target><LocURI>./Vendor/X</LocURI></Target><Data><LocURI>./User/a</LocURI></Data></Item></Replace></SyncBody>"));
    }

    [Fact]
    public async Task Thread_CallsBehindASlowOne_WaitBoundedAndGivenUpOnesAreNotMade()
    {
        using var entered = new ManualResetEventSlim();
        using var go = new ManualResetEventSlim();
        var made = new List<string>();
        using var thread = new EngineThread("test", body =>
        {
            entered.Set();
            go.Wait(TestTimeouts.Default);
            made.Add(body);
            return body;
        });
        Task<string> slow = Task.Run(() => thread.Run("slow", s_limit));
        Assert.True(entered.Wait(TestTimeouts.Default));
        var abandoned = Assert.Throws<ConfiguratorException>(() => thread.Run("abandoned", TimeSpan.FromMilliseconds(20)));
        Assert.Equal(ConfiguratorErrorCode.Timeout, abandoned.Code);
        Assert.Contains("nothing was asked", abandoned.Message, StringComparison.Ordinal);
        for (int i = 1; i < EngineThread.MaxWaiting; i++)
        {
            Assert.Throws<ConfiguratorException>(() => thread.Run("abandoned", TimeSpan.Zero));
        }

        Assert.Equal(ConfiguratorErrorCode.Busy, Assert.Throws<ConfiguratorException>(() => thread.Run("one too many", s_limit)).Code);
        go.Set();
        Assert.Equal("slow", await slow.WaitAsync(TestTimeouts.Default));
        // Those that were given up hold their places until the thread comes by.
        Assert.True(SpinWait.SpinUntil(() => Record.Exception(() => thread.Run("after", s_limit)) is null, TestTimeouts.Default));
        Assert.Equal(["slow", "after"], made);
    }

    [Fact]
    public void Thread_CallThatRunsOverItsLimit_HasAnUnknownOutcome()
    {
        using var go = new ManualResetEventSlim();
        using var entered = new ManualResetEventSlim();
        using var thread = new EngineThread("test", body =>
        {
            entered.Set();
            go.Wait(TestTimeouts.Default);
            return body;
        });
        var given = Assert.Throws<ConfiguratorException>(() =>
        {
            // The limit is long enough to begin on any machine.
            return thread.Run("slow", TimeSpan.FromSeconds(2));
        });
        Assert.True(entered.IsSet);
        Assert.Contains("outcome is unknown", given.Message, StringComparison.Ordinal);
        go.Set();
    }

    [Fact]
    public void Thread_EngineThatThrows_TellsTheCallerAndGoesOn()
    {
        using var thread = new EngineThread("test", body => body == "bad" ? throw new InvalidOperationException("broken") : body);
        Assert.Equal("broken", Assert.Throws<InvalidOperationException>(() => thread.Run("bad", s_limit)).Message);
        Assert.Equal("good", thread.Run("good", s_limit));
    }

    [Fact]
    public void Thread_Stopped_TakesNothing()
    {
        var thread = new EngineThread("test", body => body);
        thread.Dispose();
        Assert.Equal(ConfiguratorErrorCode.Busy, Assert.Throws<ConfiguratorException>(() => thread.Run("late", s_limit)).Code);
    }

    [Fact]
    public void Fallback_FirstThatIsNotThere_IsNotAskedAgain()
    {
        var missing = new FakeLocalManagement { RegisterResult = unchecked((int)0x8007139F) };
        var second = new FakeLocalManagement { Answer = _ => "second" };
        using var fallback = new FallbackTransport(new LocalManagementTransport(missing, new FakeUser()), new LocalManagementTransport(second, new FakeUser()));
        Assert.Equal("second", fallback.Apply(Body("./DevInfo/Man"), s_limit));
        Assert.Equal("second", fallback.Apply(Body("./DevInfo/Man"), s_limit));
        Assert.Equal((1, 2), (missing.Registrations, second.Bodies.Count));
        second.ApplyResult = unchecked((int)0x80040154);
        string both = Assert.Throws<ConfiguratorException>(() => fallback.Apply(Body("./DevInfo/Man"), s_limit)).Message;
        Assert.Contains("provisioning package", both, StringComparison.Ordinal);
        Assert.Contains("64-bit", both, StringComparison.Ordinal);
    }

    [Fact]
    public void Fallback_FirstThatFails_IsAskedAgain()
    {
        var first = new FakeLocalManagement { ApplyResult = unchecked((int)0x8000FFFF) };
        var second = new FakeLocalManagement();
        using var fallback = new FallbackTransport(new LocalManagementTransport(first, new FakeUser()), new LocalManagementTransport(second, new FakeUser()));
        Assert.Throws<ConfiguratorException>(() => fallback.Apply(Body("./DevInfo/Man"), s_limit));
        first.ApplyResult = 0;
        fallback.Apply(Body("./DevInfo/Man"), s_limit);
        Assert.Empty(second.Bodies);
    }

    private static string Body(params string[] locUris)
    {
        var request = new SyncMlRequest();
        foreach (string locUri in locUris)
        {
            request.Get(locUri);
        }

        return request.Build();
    }
}
