using System.Text.Json;
using ModularDM.Contracts.Json;

namespace ModularDM.Contracts.Tests.Json;

public sealed class JsonMembersTests
{
    [Fact]
    public void Read_GoodValue_IsReadWithoutErrors()
    {
        (Oven? oven, List<SectionError> errors) = Read(
            """
            { "name": "left", "celsius": 180, "mode": "fast", "schedule": { "start": 6, "end": 22 },
              "extra": [ { "start": 1 } ], "named": { "night": { "start": 2 } }, "racks": [1, 2] }
            """);

        Assert.Empty(errors);
        Assert.Equal(("left", 180, Mode.Fast, 22), (oven!.Name, oven.Celsius, oven.Mode, oven.Schedule!.End));
        Assert.Equal(2, oven.Named!["night"].Start);
    }

    [Fact]
    public void Read_ManyMistakes_FindsThemAll()
    {
        (Oven? oven, List<SectionError> errors) = Read(
            """
            { "celsius": 400, "mode": "warp", "door": "open", "colour": "red", "pin": "123456789", "racks": [1, 2, 3],
              "schedule": { "start": "six", "end": 24, "step": 1 },
              "extra": [ { "start": 1 }, { "start": 99 }, 7, null ], "named": { "night": { "begin": 2 } } }
            """);

        Assert.Null(oven);
        Assert.Equal(
            [
                "celsius", "colour", "door", "extra[1].start", "extra[2]", "extra[3]", "mode", "name", "named.night.begin", "named.night.start", "pin", "racks",
                "schedule.end", "schedule.start", "schedule.step",
            ],
            errors.Select(error => error.Path).Order(StringComparer.Ordinal));
        Assert.All(errors, error => Assert.Equal(ErrorCodes.InvalidDesiredJsonValue, error.Code));
    }

    [Fact]
    public void Read_UnknownMember_NamesTheKnownOnes() =>
        Assert.Contains("name, celsius, mode", Single("""{ "name": "x", "colour": 1 }""").Message, StringComparison.Ordinal);

    [Fact]
    public void Read_UnknownWord_NamesTheWords() =>
        Assert.Contains("slow, fast", Single("""{ "name": "x", "mode": "warp" }""").Message, StringComparison.Ordinal);

    [Fact]
    public void Read_MemberGivenTwice_IsAnError() => Assert.Equal("celsius", Single("""{ "name": "x", "celsius": 50, "celsius": 60 }""").Path);

    [Fact]
    public void Read_NullForRequired_IsAnError() => Assert.Equal("name", Single("""{ "name": null }""").Path);

    [Fact]
    public void Read_WrongLetterCase_IsUnknown() => Assert.Equal("Celsius", Single("""{ "name": "x", "Celsius": 50 }""").Path);

    [Theory]
    [InlineData("5")]
    [InlineData("\"word\"")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("true")]
    public void Read_NoObject_IsOneError(string json) => Assert.Equal("", Single(json).Path);

    [Fact]
    public void Read_RuleAcrossMembers_IsCheckedLast()
    {
        Assert.Equal("door", Single("""{ "name": "x", "door": true, "celsius": 250 }""").Path);
        Assert.Equal("celsius", Single("""{ "name": "x", "door": true, "celsius": 999 }""").Path);
    }

    // A password in a member of the wrong name, type or length must not come back in lastChange.
    [Theory]
    [InlineData("""{ "name": "x", "pin": "hunter2-hunter2" }""")]
    [InlineData("""{ "name": "x", "pin": 77001234 }""")]
    [InlineData("""{ "name": "x", "celsius": 77001234 }""")]
    [InlineData("""{ "name": "x", "celsius": "hunter2" }""")]
    [InlineData("""{ "name": "x", "mode": "hunter2" }""")]
    [InlineData("""{ "name": "x", "mode": 77001234 }""")]
    [InlineData("""{ "name": "x", "password": "hunter2" }""")]
    [InlineData("""{ "name": "x", "schedule": "hunter2" }""")]
    [InlineData("""{ "name": "x", "racks": ["hunter2"] }""")]
    [InlineData("""{ "name": "x", "extra": [77001234] }""")]
    [InlineData("\"hunter2\"")]
    [InlineData("77001234")]
    public void Errors_NeverShowAValue(string json)
    {
        (_, List<SectionError> errors) = Read(json);

        Assert.NotEmpty(errors);
        Assert.All(errors, error =>
        {
            Assert.DoesNotContain("hunter2", error.ToString(), StringComparison.Ordinal);
            Assert.DoesNotContain("77001234", error.ToString(), StringComparison.Ordinal);
        });
    }

    [Fact]
    public void Read_ErrorsAlreadyThere_AreKeptAndNotCounted()
    {
        var errors = new List<SectionError> { new("other", "earlier", 1) };
        using var document = JsonDocument.Parse("""{ "name": "x" }""");

        Assert.NotNull(JsonMembers.Read(document.RootElement, OvenJson.Default.Oven, errors));
        Assert.Single(errors);
    }

    private static SectionError Single(string json) => Assert.Single(Read(json).Errors);

    private static (Oven? Value, List<SectionError> Errors) Read(string json)
    {
        var errors = new List<SectionError>();
        using var document = JsonDocument.Parse(json);
        return (JsonMembers.Read(document.RootElement, OvenJson.Default.Oven, errors), errors);
    }
}
