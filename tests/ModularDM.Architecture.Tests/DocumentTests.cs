using System.Text.RegularExpressions;

namespace ModularDM.Architecture.Tests;

public sealed partial class DocumentTests
{
    [Fact]
    public void Document_EveryLink_LeadsToAFileAndAHeading()
    {
        string[] broken =
        [
            .. from document in SourceTree.WithExtension(".md")
               from link in Link().Matches(CodeBlock().Replace(SourceTree.Read(document), ""))
               let problem = Problem(document, link.Groups["file"].Value, link.Groups["heading"].Value)
               where problem is not null
               select $"{document}: {link.Value}: {problem}",
        ];
        Assert.Empty(broken);
    }

    [Fact]
    public void Decision_Always_HasDateStatusAndNumber()
    {
        string[] decisions = [.. SourceTree.Files.Where(file => file.StartsWith("docs/decisions/", StringComparison.Ordinal))];
        Assert.NotEmpty(decisions);
        Assert.All(decisions.Select((file, at) => (file, at)), decision =>
        {
            string number = Path.GetFileName(decision.file)[..4];
            Assert.Equal($"{decision.at + 1:0000}", number);
            Assert.Matches($@"^# {int.Parse(number)}\. .+\r?\n\r?\nDate: \d{{4}}-\d\d-\d\d\. Status: (accepted|superseded by \d{{4}})\.", SourceTree.Read(decision.file));
        });
    }

    private static string? Problem(string document, string file, string heading)
    {
        if (file.Contains("://", StringComparison.Ordinal) || file.StartsWith("mailto:", StringComparison.Ordinal))
        {
            return null;
        }

        string target = file.Length == 0 ? document : Path.GetRelativePath(SourceTree.Root, Path.Combine(SourceTree.Root, Path.GetDirectoryName(document)!, file)).Replace('\\', '/');
        string path = Path.Combine(SourceTree.Root, target);
        if (!File.Exists(path) && !Directory.Exists(path))
        {
            return "no such file";
        }

        return heading.Length == 0 || Heading().Matches(SourceTree.Read(target)).Any(found => Slug(found.Groups[1].Value) == heading) ? null : "no such heading";
    }

    // As the common viewers make anchors: lower case, words joined by hyphens, everything else gone.
    private static string Slug(string heading) =>
        string.Concat(heading.Trim().ToLowerInvariant().Where(c => char.IsLetterOrDigit(c) || c is ' ' or '-' or '_')).Replace(' ', '-');

    [GeneratedRegex(@"\]\((?<file>[^)#\s]*)(?:#(?<heading>[^)\s]+))?\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^```.*?^```", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex CodeBlock();

    [GeneratedRegex(@"^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();
}
