using System.Diagnostics;
using System.Globalization;

namespace ModularDM.Samples.QuickStart;

/// <summary>Ends what an earlier QuickStart on the same data folder left running when it was killed.</summary>
internal static class Leftovers
{
    private static readonly Lock s_gate = new();

    public static void Remember(string file, IEnumerable<Part> parts)
    {
        // A number alone may belong to another process by then; the start time tells.
        lock (s_gate)
        {
            File.WriteAllLines(file, parts.Where(part => part.ProcessId != 0).Select(part => Describe(part.ProcessId)).OfType<string>());
        }
    }

    public static void End(string file)
    {
        if (!File.Exists(file))
        {
            return;
        }

        foreach (string line in File.ReadAllLines(file))
        {
            if (int.TryParse(line.Split(' ')[0], CultureInfo.InvariantCulture, out int id) && Describe(id) == line)
            {
                using var process = Process.GetProcessById(id);
                process.Kill();
                process.WaitForExit(TimeSpan.FromSeconds(5));
            }
        }
    }

    private static string? Describe(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            return string.Create(CultureInfo.InvariantCulture, $"{id} {process.StartTime.ToUniversalTime().Ticks}");
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // Gone already.
            return null;
        }
    }
}
