using System.Text;
using System.Text.RegularExpressions;
using ModularDM.Configurator.Platform.Simulated.Csp;
using ModularDM.Configurator.Platform.Windows.SyncMl;
using ModularDM.Contracts.Configurator;

namespace ModularDM.Configurator.Tests.Platform.Simulated.Csp;

public sealed partial class SnippetTests
{
    [Fact]
    public void Snippet_EachOfTheDocuments_IsAnsweredOrFailsCleanly()
    {
        var tree = new CspTree(CspFullSchema.Load());
        int sound = 0;
        int broken = 0;
        foreach ((string name, byte[] content) in SharedCsp.Snippets())
        {
            // They are pieces, several commands in a row among them; a body around them makes each a document.
            string text = Declaration().Replace(Encoding.UTF8.GetString(content).TrimStart('\uFEFF'), string.Empty).Trim();
            string body = text.LastIndexOf("<SyncML", StringComparison.Ordinal) == 0 && text.EndsWith("</SyncML>", StringComparison.Ordinal) ? text : $"<SyncBody>{text}</SyncBody>";
            try
            {
                IReadOnlyList<BodyCommand> commands = BodyCommand.ReadBody(body);
                SyncMlResponse answer = SyncMlResponse.Parse(new BodyRunner(tree).Run(body));
                Assert.True(commands.Count > 0, $"{name} holds nothing");
                int[] asked = [.. commands.Where(command => command.Verb is not ("Status" or "Final") && command.Id is not null).Select(command => command.Id!.Value)];
                Assert.True(asked.All(answer.Answered.Contains), $"{name} has commands without an answer");
                // The same piece read as an answer is no crash either.
                SyncMlResponse.Parse(body);
                sound++;
            }
            catch (ConfiguratorException e)
            {
                Assert.Equal("syncml", e.Error.Detail);
                broken++;
            }
        }

        Assert.Equal(SharedCsp.IsThere ? (210, 28) : (2, 1), (sound, broken));
    }

    [GeneratedRegex(@"<\?xml.*?\?>", RegexOptions.Singleline)]
    private static partial Regex Declaration();
}
