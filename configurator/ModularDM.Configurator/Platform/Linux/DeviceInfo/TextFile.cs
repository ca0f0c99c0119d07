using System.Text;

namespace ModularDM.Configurator.Platform.Linux.DeviceInfo;

/// <summary>Small files that the kernel or the distribution keeps, read with a bound.</summary>
internal static class TextFile
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>The text without zero bytes and line breaks around it; null when there is no such file or it is empty.</summary>
    public static string? Read(string path)
    {
        try
        {
            using FileStream stream = new(path, new FileStreamOptions { BufferSize = 0 });
            byte[] buffer = new byte[MaxBytes];
            int length = stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
            string text = Encoding.UTF8.GetString(buffer, 0, length).Trim('\0', '\n', '\r', ' ', '\t');
            return text.Length > 0 ? text : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The value of the first line <c>key SEPARATOR value</c>, unquoted.</summary>
    public static string? Find(string? text, string key, char separator)
    {
        foreach (string line in (text ?? "").Split('\n'))
        {
            if (line.Split(separator, 2, StringSplitOptions.TrimEntries) is [var name, var value] && name == key)
            {
                return value.Length >= 2 && value[0] is '"' or '\'' && value[^1] == value[0] ? value[1..^1] : value;
            }
        }

        return null;
    }
}
